/** Texts that people write: read strictly, with the place of everything. */
export { type TextFault } from './fault.ts'
export { parseJsonStrict } from './json.ts'
export { MAX_TEXT_BYTES } from './limits.ts'
export { pathText, type Path, type SourcePlace, type YamlSource } from './place.ts'
export { type ReadText } from './read-text.ts'
export { parseYamlOrJson } from './read.ts'
export { parseYamlStrict } from './yaml.ts'
