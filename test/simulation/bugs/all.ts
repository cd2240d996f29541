/** All stories, told when they are imported. */
import './availability.ts'
import './canaries.ts'
import './limits.ts'
import './nodes.ts'
import './rollbacks.ts'
import './services.ts'
import './verdicts.ts'

export { stories } from './story.ts'
