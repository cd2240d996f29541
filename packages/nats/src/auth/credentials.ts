/** Credentials files in the form that all NATS tools read: a JWT and the seed of its user. */
import { DunlinError } from '@dunlin/contracts/agent'
import { jwtAuthenticator } from 'nats'
import type { Credentials } from '../connection.ts'

const block = (title: string, body: string): string => `-----BEGIN ${title}-----\n${body}\n------END ${title}------\n`

export const formatCredentials = (jwt: string, seed: string): string =>
  `${block('NATS USER JWT', jwt)}\n${block('USER NKEY SEED', seed)}`

/** The line between the lines that begin and end a part. */
const part = (file: string, title: string): string | undefined =>
  new RegExp(`-----BEGIN ${title}-----\\s*([A-Za-z0-9._=-]+)\\s*-+END ${title}`).exec(file)?.[1]

/** @throws DunlinError corrupt_document, which holds nothing of the file */
export const parseCredentials = (file: string): Credentials => {
  const jwt = part(file, 'NATS USER JWT')
  const seed = part(file, 'USER NKEY SEED')
  if (jwt === undefined || seed === undefined || !/^SU[A-Z2-7]{56}$/.test(seed))
    throw new DunlinError('corrupt_document', 'The credentials file holds no JWT with the seed of a user.')
  return userCredentials(jwt, seed)
}

export const userCredentials = (jwt: string, seed: string): Credentials => ({
  authenticator: jwtAuthenticator(jwt, new TextEncoder().encode(seed)),
})
