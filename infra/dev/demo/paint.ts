/** Colours on standard output, where there is somebody to see them (NO_COLOR, FORCE_COLOR and TERM=dumb are honoured). */
import { styleText } from 'node:util'

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export const paint = (colour: Colour, text: string): string => styleText(colour, text, { stream: process.stdout })
