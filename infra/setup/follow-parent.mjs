// Preloaded into every command: when the set-up process that started it dies without a word (kill -9, a closed
// container), the command stops in order instead of living on with its servers.
if (process.channel !== undefined) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // The channel alone must not keep a finished command alive.
  process.channel?.unref()
}
