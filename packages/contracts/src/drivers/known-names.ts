/** Marks the message of an unknown-field issue: the names that would have been right follow, for `job-spec/issues.ts`. */
export const KNOWN_NAMES = 'known names: '

/** Lets a strict object that complains about an unknown field say which fields there are. */
export const namingFields = (shape: object) => ({
  error: (issue: { readonly code?: string | undefined }) =>
    issue.code === 'unrecognized_keys' ? `${KNOWN_NAMES}${Object.keys(shape).join(',')}` : undefined,
})
