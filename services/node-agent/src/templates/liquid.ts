/** The template language, loaded with the first template: the only file that imports it. */
export { Liquid } from 'liquidjs'
