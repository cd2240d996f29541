// `${NAME}` and `${NAME:default}` in settings stand for variables of the job; `${{NAME}}` is how `${NAME}` is written
// when it is meant as it stands. The agent's own environment is never looked at.

const REFERENCE = /\$\{([A-Za-z_]\w*)(?::([^{}]*))?\}/
const ALL = /\$\{\{([^{}]*)\}\}|\$\{([A-Za-z_]\w*)(?::([^{}]*))?\}/g
const QUERY = /\$\{!/

/** The first variable a text refers to. */
export function environmentReference(text: string): string | undefined {
  return REFERENCE.exec(text.replaceAll(/\$\{\{[^{}]*\}\}/g, ''))?.[1]
}

/** A query inside a text (`${! ... }`), which this engine does not evaluate yet. */
export function hasQuery(text: string): boolean {
  return QUERY.test(text)
}

/** A variable without a default has no value. */
class MissingVariableError extends Error {
  override readonly name = 'MissingVariableError'
}

/** @throws MissingVariableError */
export function interpolate(text: string, env: (name: string) => string | undefined): string {
  return text.replace(ALL, (_, escaped: string | undefined, name: string | undefined, fallback: string | undefined) => {
    if (name === undefined) return `\${${escaped ?? ''}}`
    const value = env(name) ?? fallback
    if (value === undefined) throw new MissingVariableError(`the variable ${name} has no value and no default`)
    return value
  })
}
