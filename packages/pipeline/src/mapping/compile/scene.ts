// Where compiling stands, and how what is refused there gets its place in the text.
import { MappingSyntaxError, placeOf } from '../lex/source.ts'
import { MappingError, UnsupportedError } from '../value/errors.ts'

/** Where compiling stands: the text for places in errors, and the lambda names in sight. */
export interface Scene {
  readonly text: string
  readonly contexts: ReadonlySet<string>
}

/** Runs a check that belongs to a place in the text; what it refuses is refused there. */
export function at<T>(scene: Scene, place: number, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof MappingError)) throw error
    const unsupported = error instanceof UnsupportedError
    throw new MappingSyntaxError(error.message, placeOf(scene.text, place), { unsupported })
  }
}
