/** Instants: integer milliseconds in the log, RFC 3339 in UTC outside. */
export const instant = (ms: number): string => new Date(ms).toISOString()
