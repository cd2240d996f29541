/** A JOB argument: `name`, `namespace/name`, or a name with -n. */
import { DunlinError, type JobKey } from '@dunlin/contracts'

/** Names may hold slashes: with -n the whole argument is the name. Throws invalid_request when a part is empty. */
export const jobKeyOf = (argument: string, namespace: string | undefined): JobKey => {
  const cut = argument.indexOf('/')
  const key =
    namespace !== undefined
      ? { namespace, name: argument }
      : cut < 0
        ? { namespace: 'default', name: argument }
        : { namespace: argument.slice(0, cut), name: argument.slice(cut + 1) }
  if (key.namespace === '' || key.name === '')
    throw new DunlinError('invalid_request', `${JSON.stringify(argument)} is not a job.`, {
      hint: 'Write NAME, NAMESPACE/NAME, or NAME with -n NAMESPACE.',
    })
  return key
}
