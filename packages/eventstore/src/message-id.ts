/** `Nats-Msg-Id` of a commit. The server's duplicate window spans the whole stream, so the subject is part of it. */

/**
 * @param sha256 lower-case hex digest of a text
 * @param n index of the commit within its command
 */
export const commitMessageId = (
  sha256: (text: string) => string,
  subject: string,
  commandId: string,
  n: number,
): string => sha256(`${subject}\0${commandId}\0${n}`).slice(0, 32)
