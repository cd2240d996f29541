import { describe, expect, test } from 'vitest'
import type { PipelineProblem } from '../lint/problem.ts'
import { parsePipelineConfig } from './parse.ts'

// The configuration of the log-processor job, word for word.
const logProcessor = {
  input: { file: { paths: ['/var/log/app/*.log'] } },
  output: { stdout: {} },
  pipeline: { processors: [{ mapping: 'root = this\nroot.processed_at = now()\n' }] },
}

function problems(value: unknown): readonly PipelineProblem[] {
  const result = parsePipelineConfig(value)
  return result.ok ? [] : result.problems
}

function withProcessors(...processors: unknown[]): unknown {
  return { ...logProcessor, pipeline: { processors } }
}

describe('a configuration that is fine', () => {
  test('the log-processor job', () => {
    const result = parsePipelineConfig(logProcessor)
    expect(result).toMatchObject({
      ok: true,
      warnings: [],
      config: {
        input: { type: 'file' },
        output: { type: 'stdout' },
        processors: [{ path: 'pipeline.processors[0].mapping' }],
      },
    })
  })

  test('processors of the input come first, those of the output last', () => {
    const result = parsePipelineConfig({
      input: { ...logProcessor.input, processors: [{ mapping: 'root.a = 1' }] },
      pipeline: { processors: [{ label: 'middle', bloblang: 'root.a = 2' }] },
      output: { drop: {}, processors: [{ mapping: 'root.a = 3' }] },
    })
    expect(result.ok && result.config.processors.map((one) => one.path)).toEqual([
      'input.processors[0].mapping',
      'pipeline.processors[0].bloblang',
      'output.processors[0].mapping',
    ])
  })

  test('threads are accepted, and it is said that they change nothing', () => {
    const result = parsePipelineConfig({ ...logProcessor, pipeline: { threads: 4, processors: [] } })
    expect(result).toMatchObject({ ok: true, warnings: [{ path: 'pipeline.threads' }] })
  })
})

describe('what is wrong is told with place and hint', () => {
  const cases: [string, unknown, Partial<PipelineProblem>][] = [
    ['no object', 7, { code: 'invalid_value', path: '' }],
    ['no input', { output: { stdout: {} } }, { code: 'invalid_value', path: 'input' }],
    [
      'mistyped root field',
      { ...logProcessor, ouput: {} },
      { code: 'unknown_field', path: 'ouput', hint: "did you mean 'output'?" },
    ],
    [
      'mistyped pipeline field',
      { ...logProcessor, pipeline: { procesors: [] } },
      { code: 'unknown_field', path: 'pipeline.procesors', hint: "did you mean 'processors'?" },
    ],
    [
      'mistyped setting',
      { ...logProcessor, input: { file: { path: ['x'] } } },
      { code: 'unknown_field', path: 'input.file.path', hint: "did you mean 'paths'?" },
    ],
    [
      'mistyped component',
      { ...logProcessor, output: { stdot: {} } },
      { code: 'unknown_component', path: 'output.stdot', hint: "did you mean 'stdout'?" },
    ],
    [
      'a component that is not built',
      { ...logProcessor, input: { kafka: { addresses: [] } } },
      { code: 'unsupported_component', path: 'input.kafka' },
    ],
    [
      'a processor that is not built',
      withProcessors({ branch: {} }),
      { code: 'unsupported_component', path: 'pipeline.processors[0].branch' },
    ],
    [
      'two types at once',
      { ...logProcessor, output: { stdout: {}, drop: {} } },
      { code: 'invalid_value', path: 'output' },
    ],
    [
      'a field beside the component',
      withProcessors({ mapping: 'root = this', lable: 'x' }),
      { code: 'unknown_field', path: 'pipeline.processors[0].lable', hint: "did you mean 'label'?" },
    ],
    [
      'a bad label',
      withProcessors({ mapping: 'root = this', label: 'Ž' }),
      { code: 'invalid_value', path: 'pipeline.processors[0].label' },
    ],
    [
      'no paths',
      { ...logProcessor, input: { file: { paths: [] } } },
      { code: 'invalid_value', path: 'input.file.paths' },
    ],
    [
      'a path that is no string',
      { ...logProcessor, input: { file: { paths: ['a', 7] } } },
      { code: 'invalid_value', path: 'input.file.paths[1]' },
    ],
    [
      'a nested setting',
      { ...logProcessor, input: { file: { paths: ['a'], scanner: { lines: { max_bufer_size: 1 } } } } },
      {
        code: 'unknown_field',
        path: 'input.file.scanner.lines.max_bufer_size',
        hint: "did you mean 'max_buffer_size'?",
      },
    ],
    [
      'a codec that is not built',
      { ...logProcessor, output: { file: { path: 'x', codec: 'tar' } } },
      { code: 'unsupported_field', path: 'output.file.codec' },
    ],
    [
      'a bad duration',
      { ...logProcessor, input: { file: { paths: ['a'], poll_interval: 'soon' } } },
      { code: 'invalid_value', path: 'input.file.poll_interval' },
    ],
    ['resources', { ...logProcessor, cache_resources: [{}] }, { code: 'unsupported_field', path: 'cache_resources' }],
    ['what belongs to the node', { ...logProcessor, http: {} }, { code: 'unsupported_field', path: 'http' }],
    ['a buffer', { ...logProcessor, buffer: { memory: {} } }, { code: 'unsupported_component', path: 'buffer.memory' }],
    [
      'a mapping that does not parse',
      withProcessors({ mapping: 'root = this\nroot.b = this.a.uppercas()' }),
      {
        code: 'mapping_parse',
        path: 'pipeline.processors[0].mapping',
        line: 2,
        column: 27,
        hint: 'did you mean uppercase()?',
      },
    ],
    [
      'a method that is not built',
      withProcessors({ mapping: 'root.a = this.parse_xml()' }),
      { code: 'mapping_unsupported', line: 1, column: 26, message: "unsupported method 'parse_xml'" },
    ],
    [
      'a function that is not built',
      withProcessors({ mapping: 'root.a = fake("name")' }),
      { code: 'mapping_unsupported', message: "unsupported function 'fake'" },
    ],
    [
      'a mapping from a file',
      withProcessors({ mapping: 'from "./x.blobl"' }),
      { code: 'mapping_unsupported', line: 1, column: 1 },
    ],
    [
      'a variable in a mapping',
      withProcessors({ mapping: 'root.a = "${HOME}"' }),
      { code: 'unsupported_interpolation', hint: 'write env("HOME") in the mapping instead' },
    ],
  ]

  test.each(cases)('%s', (_, config, expected) => {
    expect(problems(config)).toEqual([expect.objectContaining(expected)])
  })

  test('everything wrong is told at once', () => {
    const found = problems({
      input: { fil: {} },
      output: { stdout: { codc: 'lines' } },
      pipeline: { processors: [{ mapping: '=' }] },
    })
    expect(found.map((one) => one.code).sort()).toEqual(['mapping_parse', 'unknown_component', 'unknown_field'])
  })

  test('names of any length, and fields with odd names, are answered', () => {
    const found = problems({
      ...logProcessor,
      ['x'.repeat(5000)]: 1,
      ['__proto__']: 2,
      constructor: 3,
      input: { toString: {} },
    })
    expect(found.length).toBeGreaterThan(2)
    for (const one of found) expect(one.message.length + one.path.length).toBeLessThan(400)
  })
})
