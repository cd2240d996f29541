/**
 * Configuration of a process: flags win over environment, environment over defaults; everything is checked before
 * anything starts, and all mistakes are told at once. `natsUrl` is `--nats-url` and `DUNLIN_NATS_URL`.
 */
import { parseArgs } from 'node:util'
import { DunlinError, type Problem } from '@dunlin/contracts/agent'
import * as z from 'zod/mini'

export interface Setting<T> {
  readonly schema: z.ZodMiniType<T>
  readonly about: string
  readonly defaultText: string | undefined
  /** Shown as `***` wherever the configuration is printed. */
  readonly secret: boolean
  /** A switch takes no value: `--exit-with-parent`. */
  readonly isSwitch: boolean
}
export type Settings = Readonly<Record<string, Setting<unknown>>>
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

interface SettingOptions {
  readonly secret?: boolean
}

/** A text; without `defaultText` it must be given. */
export const textSetting = (about: string, defaultText?: string, options: SettingOptions = {}): Setting<string> => ({
  schema: z.string().check(z.minLength(1, 'expected a text')),
  about,
  defaultText,
  secret: options.secret ?? false,
  isSwitch: false,
})

export const optionalTextSetting = (about: string, options: SettingOptions = {}): Setting<string | undefined> => ({
  schema: z.optional(z.string()),
  about,
  defaultText: undefined,
  secret: options.secret ?? false,
  isSwitch: false,
})

const integerText = (least: number, most: number) =>
  z.pipe(
    z.string().check(z.regex(/^-?\d{1,16}$/, 'expected a whole number')),
    z.pipe(
      z.transform((text: string) => Number(text)),
      z.int().check(z.gte(least), z.lte(most)),
    ),
  )

/** A whole number within bounds. */
export const integerSetting = (
  about: string,
  defaultValue: number,
  least = 0,
  most = 2 ** 53 - 1,
): Setting<number> => ({
  schema: integerText(least, most),
  about,
  defaultText: String(defaultValue),
  secret: false,
  isSwitch: false,
})

/** A TCP port; 0 means any free one. */
export const portSetting = (about: string, defaultPort: number): Setting<number> =>
  integerSetting(about, defaultPort, 0, 65_535)

/** A TCP port that may stay away. */
export const optionalPortSetting = (about: string): Setting<number | undefined> => ({
  schema: z.optional(integerText(0, 65_535)),
  about,
  defaultText: undefined,
  secret: false,
  isSwitch: false,
})

export const choiceSetting = <const C extends readonly [string, ...string[]]>(
  about: string,
  choices: C,
  defaultText: C[number],
): Setting<C[number]> => ({
  schema: z.enum(choices),
  about: `${about} (${choices.join(', ')})`,
  defaultText,
  secret: false,
  isSwitch: false,
})

export const switchSetting = (about: string): Setting<boolean> => ({
  schema: z.pipe(
    z.enum(['true', 'false', '1', '0']),
    z.transform((text) => text === 'true' || text === '1'),
  ),
  about,
  defaultText: 'false',
  secret: false,
  isSwitch: true,
})

const kebab = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const flagOf = (key: string): string => `--${kebab(key)}`
const envOf = (key: string): string => `DUNLIN_${kebab(key).replaceAll('-', '_').toUpperCase()}`

const parseFlags = (
  settings: Settings,
  argv: readonly string[],
): Readonly<Record<string, string | boolean | undefined>> => {
  const options = Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => [
      kebab(key),
      { type: setting.isSwitch ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new DunlinError('invalid_request', error instanceof Error ? error.message : String(error), {
      hint: `Known flags: ${Object.keys(settings).map(flagOf).join(' ')}`,
      cause: error,
    })
  }
}

/** Throws `DunlinError` invalid_request that lists every wrong or missing setting. */
export const readConfig = <S extends Settings>(
  settings: S,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigOf<S> => {
  const flags = parseFlags(settings, argv)
  const wrong: NonNullable<Problem['errors']>[number][] = []
  const config: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(settings)) {
    const flag = flags[kebab(key)]
    const fromEnv = env[envOf(key)]
    const source = flag !== undefined ? flagOf(key) : fromEnv !== undefined ? envOf(key) : 'default'
    const text = flag !== undefined ? String(flag) : (fromEnv ?? setting.defaultText)
    const read = z.safeParse(setting.schema, text)
    if (read.success) config[key] = read.data
    else if (text === undefined)
      wrong.push({ path: flagOf(key), message: `missing: give ${flagOf(key)} or ${envOf(key)}` })
    else {
      const shown = setting.secret ? '***' : JSON.stringify(text)
      wrong.push({ path: source, message: `${shown}: ${read.error.issues[0]?.message ?? 'not valid'}` })
    }
  }
  if (wrong.length > 0) throw new DunlinError('invalid_request', 'The configuration is not valid.', { errors: wrong })
  return config as ConfigOf<S>
}

const hideCredentials = (value: string): string => value.replaceAll(/\/\/[^/@\s]+@/g, '//***@')

/** What may be printed: secrets as `***`, credentials inside URLs hidden. */
export const redacted = <S extends Settings>(settings: S, config: ConfigOf<S>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries<unknown>(config).map(([key, value]) => {
      if (value !== undefined && settings[key]?.secret) return [key, '***']
      return [key, typeof value === 'string' ? hideCredentials(value) : value]
    }),
  )

/** The text of `--help`. */
export const helpText = (name: string, settings: Settings): string => {
  const rows = Object.entries(settings).map(([key, setting]) => {
    const given = setting.defaultText === undefined || setting.isSwitch ? '' : ` [${setting.defaultText}]`
    return `  ${flagOf(key).padEnd(24)} ${setting.about}${given} (${envOf(key)})`
  })
  return [`${name}: flags, and the environment variable of each`, ...rows, ''].join('\n')
}
