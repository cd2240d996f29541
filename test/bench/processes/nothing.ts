/** The least that a process of Node does before it could say that it is ready. */
process.stdout.write('{"ready":true}\n')
process.once('SIGTERM', () => process.exit(0))
setInterval(() => {}, 60_000)
