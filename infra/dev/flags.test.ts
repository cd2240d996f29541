import { describe, expect, it } from 'vitest'
import { readDemoFlags, readStartFlags } from './flags.ts'

describe('flags of start', () => {
  it('are all optional', () => {
    expect(readStartFlags([])).toMatchObject({ nodes: 3, apiPort: 7420, natsPort: undefined, json: false })
    expect(readStartFlags([])?.dataDir).toMatch(/\.dunlin\/start$/)
  })

  it('are read as they are given', () => {
    const flags = ['--nodes', '5', '--api-port=0', '--nats-port', '4333', '--data-dir', '/data', '--json']
    const plain = { nodes: 5, apiPort: 0, natsPort: 4333, dataDir: '/data', json: true, secure: false }
    expect(readStartFlags(flags)).toEqual(plain)
    expect(readStartFlags([...flags, '--secure'])).toEqual({ ...plain, secure: true })
    expect(readStartFlags(['--secure'])?.dataDir).toMatch(/secure$/)
  })

  it.for([
    [['--node', '5'], 'unknown flag --node; did you mean --nodes?'],
    [['--api-prot', '1'], 'did you mean --api-port?'],
    [['--apiPort', '1'], 'did you mean --api-port?'],
    [['--zzz'], 'unknown flag --zzz (there are --nodes'],
    [['-n', '1'], 'unknown flag -n'],
    [['--nodes', '0'], 'expected a whole number from 1 to 500'],
    [['--nodes', '2.5'], 'expected a whole number'],
    [['--nodes'], '--nodes needs a value'],
    [['--nodes='], '--nodes needs a value'],
    [['--api-port', '70000'], 'expected a whole number from 0 to 65535'],
    [['--json=yes'], '--json takes no value'],
    [['demo'], 'unexpected argument "demo"'],
  ] as const)('%j is refused', ([argv, message]) => {
    expect(() => readStartFlags(argv)).toThrow(message)
    expect(() => readStartFlags(argv)).toThrow(expect.objectContaining({ exitCode: 2 }) as Error)
  })

  it('help is not a mistake', () => expect(readStartFlags(['--help'])).toBeUndefined())
})

describe('flags of demo', () => {
  it('name a file for the history', () => {
    expect(readDemoFlags(['--record', '/tmp/a.jsonl'])).toEqual({ record: '/tmp/a.jsonl', keep: false })
    expect(() => readDemoFlags(['--recrod', 'x'])).toThrow('did you mean --record?')
  })
})
