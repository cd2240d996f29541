/** Makes, lists and revokes join tokens. */
import {
  durationMs,
  DunlinError,
  formatJoinToken,
  tokenIdSchema,
  type Actor,
  type Labels,
  type TokenEvent,
  type TokenId,
  type TokenView,
} from '@dunlin/contracts'
import {
  createToken,
  revokeToken,
  tellTokenEvent,
  whyUnusable,
  type Decision,
  type FleetKinds,
  type TokenState,
} from '@dunlin/domain'
import type { CommandHandler } from '@dunlin/eventstore'
import { tokenSubject } from '@dunlin/nats'
import { sha256, type Clock, type Logger, type Random } from '@dunlin/runtime'
import type { ApiState } from '../state/api-state.ts'
import { instant } from '../views/instant.ts'

export interface TokenWishes {
  readonly uses: number | 'unlimited'
  readonly expires_in: string
  readonly labels: Labels
  readonly own_labels?: readonly string[] | undefined
  readonly manual: boolean
}

export interface Tokens {
  create(wishes: TokenWishes, by: Actor): Promise<TokenView & { readonly token: string }>
  list(): readonly TokenView[]
  revoke(id: string, reason: string | undefined, by: Actor): Promise<TokenView>
}

export interface TokensOptions {
  readonly state: ApiState
  readonly handler: CommandHandler<FleetKinds>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** 256 random bits in base64url, from a source that nobody can guess. */
  readonly newSecret: () => string
}

const MOST_LISTED = 1_000
const MOST_NODES_SHOWN = 100

export const createTokens = ({ state, handler, clock, random, logger, newSecret }: TokensOptions): Tokens => {
  const decide = async (
    id: TokenId,
    by: Actor,
    decider: (token: TokenState) => Decision<TokenEvent>,
  ): Promise<TokenState> => {
    const at = clock.nowMs()
    let told: readonly TokenEvent[] = []
    const done = await handler.handle({
      kind: 'token',
      key: id,
      subject: tokenSubject(id),
      command: { id: `~token.${random.ulid(at)}`, by, at },
      decide: ({ state: token }) => {
        const decision = decider(token)
        told = decision.ok ? decision.commits.flat() : []
        return decision
      },
    })
    if (!done.ok) throw done.error
    for (const event of told) logger.info(tellTokenEvent(event, at), { token: id, by })
    return done.aggregate.state
  }

  return {
    create: async ({ uses, expires_in: lifetime, labels, own_labels: ownLabels, manual }, by) => {
      const now = clock.nowMs()
      const id = tokenIdSchema.parse(random.ulid(now))
      const secret = newSecret()
      const token = await decide(id, by, (before) =>
        createToken(before, {
          token: id,
          hash: sha256(secret),
          uses: uses === 'unlimited' ? undefined : uses,
          expiresAt: lifetime === 'never' ? undefined : now + durationMs(lifetime),
          labels,
          ownLabels,
          admits: !manual,
        }),
      )
      return { ...viewOf(id, token, now), token: formatJoinToken({ id, secret }) }
    },
    list: () => {
      const now = clock.nowMs()
      const table = state.fold.table('token')
      // Beside them stand the keys of nodes.
      const ids = [...table.keys()].filter((id) => tokenIdSchema.safeParse(id).success)
      const newest = ids.toSorted().slice(-MOST_LISTED).toReversed()
      return newest.flatMap((id) => {
        const token = table.get(id)?.state
        return token?.terms === undefined ? [] : [viewOf(id, token, now)]
      })
    },
    revoke: async (text, reason, by) => {
      const id = tokenIdSchema.safeParse(text.toUpperCase())
      if (!id.success || state.fold.get('token', id.data) === undefined)
        throw new DunlinError('token_not_found', `There is no token ${text}.`)
      return viewOf(id.data, await decide(id.data, by, (token) => revokeToken(token, reason)), clock.nowMs())
    },
  }
}

const states = { token_revoked: 'revoked', token_expired: 'expired', token_used_up: 'used_up' } as const

const viewOf = (id: string, token: TokenState, nowMs: number): TokenView => {
  const { terms, used } = token
  if (terms === undefined) throw new DunlinError('token_not_found')
  const no = whyUnusable(token, nowMs)
  return {
    id,
    state: no === undefined ? 'open' : states[no],
    ...(terms.uses === undefined ? {} : { uses: terms.uses }),
    used: used.size,
    nodes: [...used.values()].slice(-MOST_NODES_SHOWN).map(({ node }) => node),
    labels: { ...terms.labels },
    ...(terms.ownLabels === undefined ? {} : { own_labels: [...terms.ownLabels] }),
    admits: terms.admits,
    created_at: instant(terms.createdAt),
    ...(terms.expiresAt === undefined ? {} : { expires_at: instant(terms.expiresAt) }),
  }
}
