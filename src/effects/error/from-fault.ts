import { hresultSymbol, isDriverFault, win32Symbol, type DriverFault } from '../../driver/index.js';
import { defect } from './make.js';
import { meaningOf, meaningOfFamily } from './meaning.js';
import { isPeerError, PeerError } from './peer-error.js';

/**
 * The one funnel from what a driver rejects with to what the SDK answers. Anything but a {@link DriverFault} is a
 * defect; a {@link PeerError} passes unchanged.
 */
export const fromFault = (fault: unknown, operation: string): PeerError => {
  if (isPeerError(fault)) return fault;
  return isDriverFault(fault) ? fromDriverFault(fault, operation) : defect(operation, fault);
};

const fromDriverFault = (fault: DriverFault, operation: string): PeerError => {
  const symbol = symbolOf(fault);
  const { tag, what, advice } =
    (symbol === undefined ? undefined : meaningOf(symbol, fault.operation)) ?? meaningOfFamily(fault);
  return new PeerError({
    tag,
    code: symbol ?? `${fault.space.toUpperCase()}_0x${fault.number.toString(16).padStart(8, '0')}`,
    operation,
    what: fault.reason === undefined ? what : `${what}: ${fault.reason}`,
    advice: fault.advice ?? advice,
    number: fault.number,
    symbol,
    cause: fault,
  });
};

/** A driver may leave the name to us. */
const symbolOf = ({ space, number, symbol }: DriverFault): string | undefined => {
  if (symbol !== 'UNKNOWN') return symbol;
  const found = space === 'hresult' ? hresultSymbol(number) : win32Symbol(number);
  return found === 'UNKNOWN' ? undefined : found;
};
