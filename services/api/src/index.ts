/** The API as a function of its ports. */
export { startApi, type ApiOptions, type ApiPorts, type RunningApi } from './api.ts'
