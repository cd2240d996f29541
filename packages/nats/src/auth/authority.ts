/**
 * Who may issue credentials: an operator with its accounts, made once and kept in files that only their owner reads. The
 * operator's own key is not needed in operation: a signing key signs the accounts.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import {
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fromSeed,
  type KeyPair,
} from '@nats-io/jwt'
import { dunlinAccount, nodesAccount, systemAccount } from './accounts.ts'
import { signWithSeed } from './ed25519.ts'
import { formatCredentials } from './credentials.ts'
import { nodePermissions } from './node-permissions.ts'

/** What the API holds. Secret. */
export interface Authority {
  readonly s: 1
  readonly operatorJwt: string
  /** Signs account claims. */
  readonly signingSeed: string
  /** Signs the credentials of nodes. */
  readonly nodesSeed: string
  readonly accounts: { readonly system: string; readonly dunlin: string; readonly nodes: string }
  /** May replace account claims, and nothing else. */
  readonly claimsCredentials: string
}

/** Everything of a new operator. All but the JWTs is secret. */
export interface NewAuthority {
  readonly authority: Authority
  /** Seeds that are needed to issue further services or to replace the signing key; to be kept elsewhere. */
  readonly offline: Readonly<Record<'operator' | 'system' | 'dunlin', string>>
  /** Credentials files of the services, by name. */
  readonly services: Readonly<Record<string, string>>
  /** Claims of the accounts by public key, for the server's first start. */
  readonly accountJwts: Readonly<Record<string, string>>
}

const text = (seed: Uint8Array): string => new TextDecoder().decode(seed)
const bytes = (seed: string): Uint8Array => new TextEncoder().encode(seed)
const whole = { conn: -1, subs: -1, data: -1, payload: -1 }

export const createAuthority = async (services: readonly string[]): Promise<NewAuthority> => {
  const operator = createOperator()
  const signing = createOperator()
  const [system, dunlin, nodes] = [createAccount(), createAccount(), createAccount()]
  const accounts = {
    system: system.getPublicKey(),
    dunlin: dunlin.getPublicKey(),
    nodes: nodes.getPublicKey(),
  }
  const operatorJwt = await encodeOperator('dunlin', operator, {
    signing_keys: [signing.getPublicKey()],
    system_account: accounts.system,
  })
  const signer = { signer: signing }
  const accountJwts = {
    [accounts.system]: await encodeAccount('SYS', system, systemAccount(), signer),
    [accounts.dunlin]: await encodeAccount('DUNLIN', dunlin, dunlinAccount(accounts), signer),
    [accounts.nodes]: await encodeAccount('NODES', nodes, nodesAccount(accounts, []), signer),
  }
  const credentialsOf: Record<string, string> = {}
  for (const name of services) {
    const user = createUser()
    credentialsOf[name] = formatCredentials(await encodeUser(name, user, dunlin, whole), text(user.getSeed()))
  }
  const claims = createUser()
  const claimsJwt = await encodeUser('claims', claims, system, {
    ...whole,
    pub: { allow: ['$SYS.REQ.CLAIMS.UPDATE', '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP'] },
    sub: { allow: ['_INBOX.>'] },
  })
  return {
    authority: {
      s: 1,
      operatorJwt,
      signingSeed: text(signing.getSeed()),
      nodesSeed: text(nodes.getSeed()),
      accounts,
      claimsCredentials: formatCredentials(claimsJwt, text(claims.getSeed())),
    },
    offline: { operator: text(operator.getSeed()), system: text(system.getSeed()), dunlin: text(dunlin.getSeed()) },
    services: credentialsOf,
    accountJwts,
  }
}

/** @throws DunlinError corrupt_document, which holds nothing of the file */
export const parseAuthority = (json: string): Authority => {
  try {
    const read = JSON.parse(json) as Authority
    const { operatorJwt, signingSeed, nodesSeed, accounts, claimsCredentials } = read
    const texts = [operatorJwt, accounts.system, accounts.dunlin, accounts.nodes, claimsCredentials]
    if (read.s !== 1 || texts.some((one) => typeof one !== 'string')) throw new Error('a part is missing')
    if (fromSeed(bytes(nodesSeed)).getPublicKey() !== accounts.nodes) throw new Error('the keys do not belong together')
    fromSeed(bytes(signingSeed))
    return read
  } catch {
    throw new DunlinError('corrupt_document', 'The authority file cannot be read, or is of another release.')
  }
}

/** The credential of a node: a user of NODES for its key. It lasts until the key is revoked. */
export const issueNode = ({ nodesSeed, accounts }: Authority, node: string, publicKey: string): Promise<string> =>
  encodeUser(node, publicKey, signerOf(nodesSeed, accounts.nodes), {
    ...nodePermissions(node),
    ...NODE_LIMITS,
    allowed_connection_types: ['STANDARD', 'WEBSOCKET'],
  })

/** The key pair of an account, which signs quickly. */
const signerOf = (seed: string, publicKey: string): KeyPair =>
  Object.assign(Object.create(fromSeed(bytes(seed))) as KeyPair, {
    getPublicKey: () => publicKey,
    // Asked for only to see that there is one.
    getPrivateKey: () => new Uint8Array(),
    sign: (data: Uint8Array) => signWithSeed(seed, data),
  })

/** An agent has a handful of subscriptions, and no message of it is larger than a commit. */
const NODE_LIMITS = { subs: 64, data: -1, payload: 1_048_576 }

/** The claims of NODES with these keys refused. The same keys give the same refusals. */
export const encodeNodesAccount = async (authority: Authority, revokedKeys: readonly string[]): Promise<string> =>
  encodeAccount('NODES', fromSeed(bytes(authority.nodesSeed)), nodesAccount(authority.accounts, revokedKeys), {
    signer: fromSeed(bytes(authority.signingSeed)),
  })
