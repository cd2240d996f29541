/** The lines of nats-server's configuration that switch authorisation on; they work from 2.9 on. */
import type { NewAuthority } from './authority.ts'

/**
 * @param claimsDir where the server keeps the claims of accounts, and with them what was revoked
 * @param accountJwts claims for the first start; the server keeps newer ones that it has
 */
export const authConfig = (
  { authority, accountJwts }: Pick<NewAuthority, 'authority' | 'accountJwts'>,
  claimsDir: string,
): string =>
  [
    `operator: ${authority.operatorJwt}`,
    `system_account: ${authority.accounts.system}`,
    'resolver {',
    '  type: full',
    `  dir: ${JSON.stringify(claimsDir)}`,
    '  allow_delete: false',
    '  interval: "2m"',
    '}',
    'resolver_preload {',
    ...Object.entries(accountJwts).map(([key, jwt]) => `  ${key}: ${jwt}`),
    '}',
  ].join('\n')
