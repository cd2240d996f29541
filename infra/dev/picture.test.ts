import { expect, it } from 'vitest'
import { draw } from './picture.ts'

const dim = (text: string): string => `\u001B[2m${text}\u001B[22m`
const green = (text: string): string => `\u001B[32m${text}\u001B[39m`

it('draws the two parts of a demo with their colours, without what nodes reported', () => {
  const head = '  12:00:00.000   #21  edge-1          '
  const capture = [
    'before',
    '1. A job from apply to healthy',
    `${dim(head)}${dim('version 1 starting')}`,
    `${dim(head)}${green('a < b & c')}`,
    `  long ${'x'.repeat(300)}`,
    '',
    'Why version 2 was halted, explained from the log',
    'after',
  ].join('\n')
  const svg = draw(capture)
  expect(svg).toContain('1. A job from apply to healthy')
  expect(svg).toContain('<tspan class="g">a &lt; b &amp; c</tspan>')
  expect(svg).toContain('x'.repeat(100))
  expect(svg).toContain('…</text>')
  expect(svg.match(/<text /g)).toHaveLength(3)
  expect(svg).not.toMatch(/starting|before|after|Why version/)
})

it('refuses anything else', () => expect(() => draw('hello')).toThrow('no output of the demo'))
