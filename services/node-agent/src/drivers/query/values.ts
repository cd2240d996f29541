/** DuckDB's values as JSON: numbers where JSON holds them exactly, texts where it does not. */
import { JsonDuckDBValueConverter, type DuckDBValueConverter, type Json } from '@duckdb/node-api'

/** The library's own makes every BIGINT a text, counts as well. */
export const toJson: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value !== 'bigint') return JsonDuckDBValueConverter(value, type, converter)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}
