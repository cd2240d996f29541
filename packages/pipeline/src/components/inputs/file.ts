// The `file` input: reads the lines of all files that match, from their beginning, and goes on as lines are appended, files
// are rotated and new ones appear.
import { z } from 'zod'
import { interpolate } from '../../config/interpolate.ts'
import { pathSetting } from '../../config/setting.ts'
import { problem, fieldPath, type PipelineProblem } from '../../lint/problem.ts'
import { defineComponent } from '../define.ts'
import { durationMs } from '../duration.ts'
import type { ComponentSpec, Input } from '../types.ts'
import { followFiles } from './follow.ts'

const MIB = 1024 * 1024

const schema = z.strictObject({
  paths: z.array(pathSetting).min(1, 'must name at least one path'),
  scanner: z
    .strictObject({
      lines: z
        .strictObject({
          /** The longest line that is still a message, in bytes. */
          max_buffer_size: z
            .int()
            .min(1)
            .max(64 * MIB)
            .prefault(MIB),
        })
        .prefault({}),
    })
    .prefault({}),
  codec: z.string().optional(),
  delete_on_finish: z.boolean().optional(),
  auto_replay_nacks: z.boolean().optional(),
  /** How often files are looked for and at. */
  poll_interval: durationMs(10, 3_600_000).prefault('500ms'),
  /** False ends the pipeline once everything there is has been read. */
  follow: z.boolean().prefault(true),
})

export const fileInput: ComponentSpec<Input> = defineComponent({
  schema,
  check: (settings, path) => [
    ...refuse(
      settings.codec !== undefined && settings.codec !== 'lines',
      path,
      'codec',
      'only the codec lines is supported',
    ),
    ...refuse(settings.delete_on_finish === true, path, 'delete_on_finish', 'files are followed, not deleted'),
    ...refuse(
      settings.auto_replay_nacks === false,
      path,
      'auto_replay_nacks',
      'undelivered messages are always replayed',
    ),
  ],
  create: (settings, { ports }) =>
    followFiles(
      {
        patterns: settings.paths.map((path) => ports.mapPath(interpolate(path, (name) => ports.env(name)))),
        maxLineBytes: settings.scanner.lines.max_buffer_size,
        pollIntervalMs: settings.poll_interval,
        follow: settings.follow,
      },
      ports,
    ),
})

function refuse(when: boolean, path: string, field: string, message: string): PipelineProblem[] {
  return when ? [problem('unsupported_field', fieldPath(path, field), message)] : []
}
