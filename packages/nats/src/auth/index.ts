/** The door for whoever makes or uses an authority: the API and the launcher. Nodes never load it. */
export { createAuthority, issueNode, parseAuthority, type Authority, type NewAuthority } from './authority.ts'
export { connectClaims, type Claims } from './claims.ts'
export { parseCredentials } from './credentials.ts'
export { authConfig } from './server-config.ts'
export { verifyProof } from './proof.ts'
