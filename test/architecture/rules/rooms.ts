// A room is well kept: it says what it is for, its files fit on a few screens, and its names mean something.
import { packagesOf } from '../packages.ts'
import { isSource, type Rule } from '../tree.ts'

const mostLines = 400

export const readmes: Rule = (tree) =>
  packagesOf(tree)
    .filter(({ folder }) => (tree.get(`${folder}/README.md`) ?? '').trim() === '')
    .map(({ folder }) => `${folder}: has no README.md (purpose, words, flow)`)

export const fileSizes: Rule = (tree) =>
  [...tree].flatMap(([path, text]) => {
    const lines = text.split('\n').length - 1
    return isSource(path) && lines > mostLines ? [`${path}: ${lines} lines; more than one reason to change?`] : []
  })

/** A drawer for everything is where the next thing is not found. */
const drawers = /^(utils?|helpers?|common|misc)(\.\w+)*$/

export const folderNames: Rule = (tree) =>
  [...tree.keys()].flatMap((path) => {
    const drawer = path.split('/').find((name) => drawers.test(name))
    return drawer === undefined ? [] : [`${path}: "${drawer}" says nothing about what is in it`]
  })
