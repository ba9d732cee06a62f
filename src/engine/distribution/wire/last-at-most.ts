/** Of `count` numbers in ascending order the index of the last one that is at most `value`; 0 if none is. */
export const lastAtMost = (value: number, count: number, numberAt: (index: number) => number): number => {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (numberAt(middle) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
};
