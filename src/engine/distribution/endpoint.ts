/** Where a listener really listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}
