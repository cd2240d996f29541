/** Sizes as people write them: bytes, or a number with a unit. */

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1000,
  m: 1000 ** 2,
  mb: 1000 ** 2,
  g: 1000 ** 3,
  gb: 1000 ** 3,
  t: 1000 ** 4,
  tb: 1000 ** 4,
  ki: 1024,
  kib: 1024,
  mi: 1024 ** 2,
  mib: 1024 ** 2,
  gi: 1024 ** 3,
  gib: 1024 ** 3,
  ti: 1024 ** 4,
  tib: 1024 ** 4,
}

/** Bytes of "512MiB", "1.5 GB" or "4Gi"; undefined when it is none of these. */
export const parseSize = (text: string): number | undefined => {
  const [, number = '', unit = ''] = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]{0,3})$/.exec(text) ?? []
  const scale = unitBytes[unit.toLowerCase()]
  if (number === '' || scale === undefined) return undefined
  const bytes = Math.round(Number(number) * scale)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
