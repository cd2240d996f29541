/** An explanation as the API shows it. */
import type { ExplanationView } from '@dunlin/contracts'
import type { Wait } from '@dunlin/domain'
import type { Story, Told } from '../explain/explain.ts'
import { instant } from './instant.ts'
import { waitView } from './rollout.ts'

export interface Explained {
  readonly about: ExplanationView['about']
  readonly name: string
  readonly message: string
  readonly waits: readonly Wait[]
  readonly story: Story
  readonly nextCursor: string | undefined
  readonly seq: number
}

export const explanationView = ({
  about,
  name,
  message,
  waits,
  story,
  nextCursor,
  seq,
}: Explained): ExplanationView => ({
  about,
  name,
  message,
  waits_for: waits.map(waitView),
  decisions: story.decisions.map(decisionView),
  checked: {
    decisions: story.checked.decisions,
    agree: story.checked.agree,
    disagree: story.checked.disagree,
    not_computable: story.checked.notComputable,
    unverified: { ...story.checked.unverified },
  },
  begins_at_seq: story.beginsAtSeq,
  complete: story.complete,
  ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
  seq,
})

const decisionView = ({ at, causeSeq, checks, job, ...rest }: Told): ExplanationView['decisions'][number] => ({
  ...rest,
  at: instant(at),
  ...(job === undefined ? {} : { namespace: job.namespace, job: job.name }),
  ...(causeSeq === undefined ? {} : { cause_seq: causeSeq }),
  ...(checks === undefined ? {} : { checks: checks.map((check) => ({ ...check })) }),
})
