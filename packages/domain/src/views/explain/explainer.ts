/**
 * Reads the commits of one job in the order of the log and tells the decisions in them that concern a job, one rollout or one
 * node. Verdicts and halts are computed again on the way, from what is recorded alone.
 */
import type { Commit, JobSubjectEvent, NodeId, RolloutPolicy, VerdictsReached } from '@dunlin/contracts'
import { nothingTaken, takenTogether, type Check, type Checked, type ToldDecision } from './decision.ts'
import { judgeAgain } from './judge-again.ts'
import { takenBy } from './taken.ts'
import { tell, tellVerdict } from './tell.ts'
import { count, newTally, weighAgain, type Tally } from './weigh-again.ts'

export type About =
  | { readonly is: 'job' }
  | { readonly is: 'rollout'; readonly id: string }
  | { readonly is: 'node'; readonly node: NodeId }

export interface Explainer {
  /** The decisions of the next commit that concern what was asked about. */
  take(commit: Commit<JobSubjectEvent>, seq: number): readonly ToldDecision[]
  checked(): Checked
}

/** `known`: policies of rollouts that may begin before what is read; their verdicts can be judged again, their halts not. */
export const createExplainer = (about: About, known: ReadonlyMap<string, RolloutPolicy> = new Map()): Explainer => {
  const tallies = new Map<string, Tally>()
  /** Of the rollout opened last: changes of the placement are about its nodes. */
  let present: Tally | undefined
  const totals = { agrees: 0, disagrees: 0, not_computable: 0 }
  let unverified = nothingTaken
  /** Of a rollout: the version that it brings and where that was placed, told when it turns out to be this rollout's. */
  let leading: { readonly version: number; readonly told: ToldDecision }[] = []

  const concerns = (event: JobSubjectEvent): boolean => {
    switch (about.is) {
      case 'job':
        return !quiet.has(event.type)
      case 'rollout':
        if (quiet.has(event.type)) return false
        return (
          ('rollout' in event && event.rollout === about.id) || ('supersedes' in event && event.supersedes === about.id)
        )
      case 'node':
        return namesNode(event, about.node)
      default:
        return about satisfies never
    }
  }

  const checksOf = (event: JobSubjectEvent): readonly Check[] | undefined => {
    if (event.type === 'RolloutHalted') return [weighAgain(tallies.get(event.rollout), event)]
    if (event.type !== 'VerdictsReached') return undefined
    const policy = tallies.get(event.rollout)?.policy ?? known.get(event.rollout)
    const own = about.is === 'node' ? event.verdicts.filter(({ node }) => node === about.node) : event.verdicts
    return own.map((verdict) => judgeAgain(verdict, policy?.health))
  }

  return {
    take: (commit, seq) => {
      const told: ToldDecision[] = []
      for (const event of commit.ev) {
        if (event.type === 'RolloutOpened') {
          present = newTally(event.policy)
          tallies.set(event.rollout, present)
        }
        const checks = concerns(event) ? checksOf(event) : undefined
        for (const { is } of checks ?? []) totals[is] += 1
        if (concerns(event))
          unverified = takenTogether(unverified, takenBy(event, about.is === 'node' ? about.node : undefined))
        const decision: ToldDecision = {
          seq,
          at: commit.at,
          by: commit.by,
          event: event.type,
          message: about.is === 'node' ? tellOfNode(event, about.node) : tell(event),
          ...('rollout' in event ? { rollout: event.rollout } : {}),
          ...(commit.cause === undefined ? {} : { causeSeq: commit.cause.seq }),
          ...(checks === undefined ? {} : { checks: shortened(checks) }),
        }
        if (concerns(event)) {
          if (about.is === 'rollout' && event.type === 'RolloutOpened' && event.rollout === about.id)
            told.push(...leading.filter(({ version }) => version === event.version).map((one) => one.told))
          told.push(decision)
        } else if (about.is === 'rollout') {
          if (event.type === 'JobCreated' || event.type === 'JobUpdated')
            leading = [{ version: event.version, told: decision }]
          else if (event.type === 'PlacementCompleted') leading.push({ version: event.version, told: decision })
        }
        const tally = 'rollout' in event ? tallies.get(event.rollout) : present
        if (tally !== undefined) count(tally, event)
      }
      return told
    },
    checked: () => ({
      decisions: totals.agrees + totals.disagrees + totals.not_computable,
      agree: totals.agrees,
      disagree: totals.disagrees,
      notComputable: totals.not_computable,
      unverified,
    }),
  }
}

/** Told by the event that ends them. */
const quiet: ReadonlySet<string> = new Set<JobSubjectEvent['type']>(['PlacementChanged', 'PlanDrawn'])

/** A commit may hold hundreds of verdicts: what agrees is told in one line, what does not each by itself. */
const shortened = (checks: readonly Check[]): readonly Check[] => {
  const agreeing = checks.filter(({ is }) => is === 'agrees')
  const others = checks.filter(({ is }) => is !== 'agrees')
  if (agreeing.length <= 1) return checks
  return [{ is: 'agrees', message: `${agreeing.length} verdicts computed again from their windows agree` }, ...others]
}

const namesNode = (event: JobSubjectEvent, node: NodeId): boolean => {
  switch (event.type) {
    case 'PlacementChanged':
      return event.add.includes(node) || event.remove.includes(node)
    case 'PlanDrawn':
      return event.targets.includes(node)
    case 'NodesGranted':
      return event.grants.some(([granted]) => granted === node)
    case 'NodesDeferred':
      return event.nodes.some((deferred) => deferred.node === node)
    case 'GrantsRevoked':
    case 'PlacesFreed':
      return event.nodes.includes(node)
    case 'VerdictsReached':
      return event.verdicts.some((verdict) => verdict.node === node)
    default:
      return false
  }
}

const tellOfNode = (event: JobSubjectEvent, node: NodeId): string => {
  switch (event.type) {
    case 'PlacementChanged':
      return event.add.includes(node) ? 'the job belongs on this node' : 'the job belongs on this node no more'
    case 'PlanDrawn':
      return `its place in part ${event.part + 1} of the plan is ${event.targets.indexOf(node) + 1} of ${event.targets.length}`
    case 'NodesGranted': {
      const sick = event.unhealthy?.includes(node) === true ? '; it was unhealthy before' : ''
      return `version ${event.version} was granted in wave ${event.wave + 1}${sick}`
    }
    case 'NodesDeferred':
      return `deferred: ${event.nodes.find((one) => one.node === node)?.reason.replace('_', ' ') ?? ''}`
    case 'GrantsRevoked':
      return 'its grant was revoked: it had not started it, and fell silent or did not read its document'
    case 'PlacesFreed':
      return 'it can no longer start what was revoked'
    case 'VerdictsReached':
      return verdictOf(event, node)
    default:
      return tell(event)
  }
}

const verdictOf = ({ verdicts }: VerdictsReached, node: NodeId): string => {
  const found = verdicts.find((verdict) => verdict.node === node)
  return found === undefined ? '' : tellVerdict(found)
}
