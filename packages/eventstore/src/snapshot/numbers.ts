/** A growing list of 32-bit numbers, four an entry. */
import { ENTRY_NUMBERS } from './lazy-table.ts'

export const createNumbers = () => {
  let numbers = new Uint32Array(1024)
  let used = 0
  return {
    push(hash: number, frame: number, start: number, length: number): void {
      if (used + ENTRY_NUMBERS > numbers.length) {
        const larger = new Uint32Array(numbers.length * 2)
        larger.set(numbers)
        numbers = larger
      }
      numbers[used++] = hash
      numbers[used++] = frame
      numbers[used++] = start
      numbers[used++] = length
    },
    entries: (): number => used / ENTRY_NUMBERS,
    bytes: (): Uint8Array => new Uint8Array(numbers.buffer, 0, used * 4),
  }
}
