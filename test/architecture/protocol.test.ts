/** docs/protocol.md: every example is what the schemas read, and nothing that the code can say is missing. */
import {
  actorSchema,
  applyBodySchema,
  canonicalJson,
  contentSchema,
  deleteBodySchema,
  desiredDocumentSchema,
  eventSchemas,
  eventTypes,
  heartbeatSchema,
  isUnreadable,
  drainNodeBodySchema,
  jobVerbs,
  labelNodeBodySchema,
  logsQuestionSchema,
  moreSchema,
  streamHeadSchema,
  nodeVerbs,
  plainNodeBodySchema,
  removeNodeBodySchema,
  operations,
  parseJobSpec,
  plainBodySchema,
  readCommit,
  rollbackBodySchema,
} from '@dunlin/contracts'
import {
  deadSubject,
  heartbeatSubject,
  outcomeSubject,
  parseCommandSubject,
  parseLogSubject,
  streamSpecs,
} from '@dunlin/nats'
import { sha256 } from '@dunlin/runtime'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'protocol.md'), 'utf8')

interface Example {
  readonly kind: string
  readonly subject: string
  readonly json: unknown
}

/** Blocks as "```json <kind> <subject>"; one of "```jsonl events <subject>" gives an example per line. */
const examples: readonly Example[] = [...page.matchAll(/```(json|jsonl) (\w+) (\S+)\n([\s\S]*?)```/g)].flatMap(
  ([, format, kind = '', subject = '', text = '']) =>
    (format === 'json' ? [text] : text.trimEnd().split('\n')).map((one) => ({
      kind,
      subject,
      json: JSON.parse(one) as unknown,
    })),
)
const ofKind = (kind: string): readonly Example[] => examples.filter((example) => example.kind === kind)

/** What is wrong with an event; undefined when nothing is. */
const problemOfEvent = (event: unknown): unknown => {
  const type = typeof event === 'object' && event !== null && 'type' in event ? event.type : undefined
  const schema = eventSchemas.find(({ shape }) => shape.type.def.values[0] === type)
  return schema === undefined ? `no event is called ${String(type)}` : schema.safeParse(event).error?.issues
}

/** By the method at the end of the subject. */
const questionSchemas: Readonly<Record<string, { safeParse(value: unknown): { readonly success: boolean } }>> = {
  logs: logsQuestionSchema,
}

const kindOf = (subject: string): keyof typeof eventTypes => {
  const route = parseLogSubject(subject)
  if (route === undefined) throw new Error(`${subject} is no subject of the log`)
  return route.kind
}

const keyOf = (spec: unknown): { namespace: string; name: string } => {
  const parsed = parseJobSpec(spec)
  if (!parsed.ok) throw parsed.error
  return { namespace: parsed.spec.namespace, name: parsed.spec.name }
}

it.each(ofKind('question'))('a question on $subject, which is answered in parts, can be read', ({ subject, json }) => {
  expect(streamHeadSchema.safeParse(json).success).toBe(true)
  expect(questionSchemas[subject.split('.').at(-1) ?? '']?.safeParse(json).success).toBe(true)
})

it.each(ofKind('more'))('what a caller says on $subject can be read', ({ json }) => {
  expect(moreSchema.safeParse(json).success).toBe(true)
})

it('every block of the page is an example that a test here reads', () => {
  const known = [
    'commit',
    'events',
    'desired',
    'content',
    'command',
    'outcome',
    'dead',
    'heartbeat',
    'rpc',
    'question',
    'more',
  ]
  expect(examples.filter(({ kind }) => !known.includes(kind))).toEqual([])
  expect([...new Set(examples.map(({ kind }) => kind))].toSorted()).toEqual(known.toSorted())
  expect(page.match(/```\w/g)).toHaveLength([...page.matchAll(/```(json|jsonl) \w+ \S+\n/g)].length)
})

describe('the log', () => {
  it.for(ofKind('commit'))('commit on $subject', ({ subject, json }) => {
    const commit = readCommit(json)
    if (isUnreadable(commit)) throw new Error(commit.detail)
    expect(actorSchema.safeParse(commit.by).success).toBe(true)
    const types = eventTypes[kindOf(subject)]
    for (const event of commit.ev) {
      expect(problemOfEvent(event)).toBeUndefined()
      expect(types).toContain(event.type)
    }
  })

  it.for(['job', 'node', 'token', 'report', 'log'] as const)('every event of a %s subject has an example', (kind) => {
    const shown = ofKind('events').filter(({ subject }) => kindOf(subject) === kind)
    for (const { json } of shown) expect(problemOfEvent(json)).toBeUndefined()
    expect(shown.map(({ json }) => (json as { type: string }).type).toSorted()).toEqual(eventTypes[kind].toSorted())
  })
})

describe('streams', () => {
  it.for([...streamSpecs()])('$name stands in the table with its subjects', ({ name, subjects, republish }) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``))
    const named = [...subjects, ...(republish === undefined ? [] : [republish.dest])]
    for (const subject of named) expect(row).toContain(`\`${subject}\``)
  })
})

describe('documents', () => {
  it.for(ofKind('desired'))('$subject', ({ subject, json }) => {
    expect(`desired.${desiredDocumentSchema.parse(json).node}`).toBe(subject)
  })

  it.for(ofKind('content'))('$subject is named by the hash of its canonical JSON', ({ subject, json }) => {
    expect(contentSchema.safeParse(json).error?.issues).toBeUndefined()
    expect(subject).toBe(`spec.${sha256(canonicalJson(json))}`)
  })

  it.for(ofKind('heartbeat'))('$subject', ({ subject, json }) => {
    expect(heartbeatSubject(heartbeatSchema.parse(json).node)).toBe(subject)
  })
})

describe('commands and their answers', () => {
  const bodies = {
    apply: applyBodySchema,
    stop: plainBodySchema,
    delete: deleteBodySchema,
    pause: plainBodySchema,
    resume: plainBodySchema,
    promote: plainBodySchema,
    halt: plainBodySchema,
    rollback: rollbackBodySchema,
    rerun: plainBodySchema,
  }

  const nodeBodies = {
    label: labelNodeBodySchema,
    cordon: plainNodeBodySchema,
    uncordon: plainNodeBodySchema,
    drain: drainNodeBodySchema,
    remove: removeNodeBodySchema,
  }

  it('every verb that is built has an example', () => {
    const shown = ofKind('command').map(({ subject }) => parseCommandSubject(subject))
    const verbsOf = (kind: 'job' | 'node') => shown.flatMap((one) => (one?.kind === kind ? [one.verb] : [])).toSorted()
    expect(shown).not.toContain(undefined)
    expect(verbsOf('job')).toEqual(Object.keys(bodies).toSorted())
    expect(verbsOf('job')).toEqual(jobVerbs.toSorted())
    // Nobody is let in by subject.
    expect(verbsOf('node')).toEqual(nodeVerbs.filter((verb) => verb !== 'approve').toSorted())
    expect(verbsOf('node')).toEqual(Object.keys(nodeBodies).toSorted())
  })

  it.for(ofKind('command'))('$subject', ({ subject, json }) => {
    const command = parseCommandSubject(subject)
    if (command?.kind === 'node') return void nodeBodies[command.verb as keyof typeof nodeBodies].parse(json)
    if (command === undefined) throw new Error(`${subject} is no command`)
    const body = bodies[command.verb as keyof typeof bodies].parse(json)
    expect('spec' in body ? keyOf(body.spec) : command.key).toEqual(command.key)
  })

  it.for(ofKind('outcome'))('$subject', ({ subject, json }) => {
    const outcome = operations.getCommand.response.parse(json)
    expect(outcomeSubject(outcome.command_id)).toBe(subject)
  })

  it.for(ofKind('dead'))('$subject', ({ subject, json }) => {
    const { command_id: id, subject: from } = json as { command_id: string; subject: string }
    expect(deadSubject(id)).toBe(subject)
    expect(parseCommandSubject(from)).toBeDefined()
  })
})
