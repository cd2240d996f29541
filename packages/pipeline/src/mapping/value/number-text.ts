// Numbers as text: the forms Go's strconv and fmt give them, which the language's output shows.

/** Shortest digits, with an exponent when it is below -4 or at least `threshold` (Go's %g has 21 in fmt, 21 or 6 else). */
export function goFloat(value: number, threshold: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '0', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= threshold) {
    const digits = Math.abs(exponent).toString().padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  return plainDecimal(mantissa, exponent)
}

function plainDecimal(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace('-', '').replace('.', '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0')
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

/** A float inside a JSON document. */
export function jsonFloat(value: number, single: boolean): string {
  if (Object.is(value, -0)) return '-0'
  if (!single) return String(value)
  const size = Math.abs(value)
  const digits = shortestSingle(value)
  if (size !== 0 && (size < Math.fround(1e-6) || size >= Math.fround(1e21)))
    return digits.replace(/e([+-])0+(?=\d)/, 'e$1')
  const [mantissa = '0', exponent = '0'] = digits.split('e')
  return plainDecimal(mantissa, Number(exponent))
}

/** The fewest digits that still name this 32-bit float, as `d.ddde+x`. */
function shortestSingle(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits)
    if (Math.fround(Number(text)) === value) return text.replace(/\.?0+e/, 'e')
  }
  return value.toExponential()
}
