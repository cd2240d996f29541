/** As many messages of the same sizes as a deployment stored, published without anything around them. */
import type { Deployed } from '../measure/deploy.ts'

export interface Messages {
  readonly subjects: readonly string[]
  readonly body: (n: number) => Uint8Array
  readonly count: number
}

/** A document and the reports that answer it follow each other, as in the deployment. */
export const asMany = (deployed: Deployed, round: number): Messages => {
  const { stored, documentSizes, reportSizes, logSizes } = deployed
  const subjects: string[] = []
  const sizes: number[] = []
  const add = (subject: string, size: number): void => {
    if (subjects.length >= stored) return
    subjects.push(subject)
    sizes.push(size)
  }
  logSizes.forEach((size, i) => add(`evt.job.bare.r${round}-${i}`, size))
  const reportsPerDocument = Math.ceil(reportSizes.length / Math.max(1, documentSizes.length))
  documentSizes.forEach((size, i) => {
    add(`desired.bare-r${round}-${i}`, size)
    for (let k = 0; k < reportsPerDocument; k++) {
      const reportSize = reportSizes[i * reportsPerDocument + k]
      if (reportSize !== undefined) add(`evt.report.bare-r${round}-${i}`, reportSize)
    }
  })
  const largest = Buffer.alloc(Math.max(...logSizes, ...new Set(documentSizes), ...new Set(reportSizes)), 0x20)
  return { subjects, body: (n) => largest.subarray(0, sizes[n]), count: subjects.length }
}
