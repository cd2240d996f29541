/** What Docker 20 and 28 and Podman 4 really said, word for word. */
import { describe, expect, it } from 'vitest'
import { taskError } from './problems.ts'

const pulls: [string, string, boolean][] = [
  ['manifest for nginx:nope not found: manifest unknown: manifest unknown', 'image_not_found', true],
  [
    'initializing source docker://localhost:5000/a:1: reading manifest 1 in localhost:5000/a: manifest unknown',
    'image_not_found',
    true,
  ],
  ['invalid reference format', 'image_not_found', true],
  [
    "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'image_access_denied',
    true,
  ],
  ['Head "https://r.example/v2/a/manifests/1": unauthorized: authentication required', 'image_access_denied', true],
  [
    'unable to retrieve auth token: invalid username/password: unauthorized: incorrect username or password',
    'image_access_denied',
    true,
  ],
  [
    'initializing source docker://localhost:1/none:1: pinging container registry localhost:1: Get "https://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    'image_pull_failed',
    false,
  ],
  [
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    'image_pull_failed',
    false,
  ],
  ['toomanyrequests: You have reached your unauthenticated pull rate limit.', 'image_pull_failed', false],
  ['net/http: TLS handshake timeout', 'image_pull_failed', false],
  ['received unexpected HTTP status: 503 Service Unavailable', 'image_pull_failed', false],
  ['write /var/lib/docker/tmp/GetImageBlob1: no space left on device', 'disk_full', false],
]

const starts: [string, string, boolean][] = [
  [
    'runc: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: OCI runtime attempted to invoke a command that was not found',
    'unknown_command',
    true,
  ],
  [
    'failed to create task for container: OCI runtime create failed: runc create failed: exec: "nope": executable file not found in $PATH: unknown',
    'unknown_command',
    true,
  ],
  ['container create: no command or entrypoint provided, and no CMD or ENTRYPOINT from image', 'unknown_command', true],
  ['unable to find user nobody42: no matching entries in passwd file', 'unknown_user', true],
  [
    'driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated',
    'port_in_use',
    false,
  ],
  ['netavark: code: 3, msg: modprobe: ip_tables', 'network_unavailable', false],
  ['something nobody has heard of', 'not_started', false],
]

describe('what an engine complains of', () => {
  it.each(pulls)('while fetching: %s', (text, code, permanent) => {
    expect(taskError(new Error(text), 'pull', 'a')).toMatchObject({ problem: { code }, permanent })
  })
  it.each(starts)('while starting: %s', (text, code, permanent) => {
    expect(taskError(new Error(text), 'start', 'a')).toMatchObject({ problem: { code }, permanent })
  })
  it.each(['connect ENOENT /run/docker.sock', 'connect ECONNREFUSED 127.0.0.1:2375', 'socket hang up'])(
    'is not its fault when nobody answers: %s',
    (text) => {
      expect(taskError(new Error(text), 'create', 'a')).toMatchObject({
        problem: { code: 'engine_unavailable' },
        permanent: false,
      })
    },
  )
  it('is told in its own words', () => {
    const error = new Error('(HTTP code 404) no such container - no such image: localhost/none:1 ')
    expect(taskError(error, 'pull', 'localhost/none:1').message).toBe(
      'The image localhost/none:1 could not be fetched: no such image: localhost/none:1',
    )
  })
})
