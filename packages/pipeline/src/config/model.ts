// A pipeline configuration that has been checked: every component is known and its settings are complete.

export interface ComponentConfig {
  readonly type: string
  readonly label: string
  /** Where the component's settings stand in the configuration. */
  readonly path: string
  /** As the component's schema left them. */
  readonly settings: unknown
}

export interface PipelineConfig {
  readonly input: ComponentConfig
  /** Those of the input, of the pipeline and of the output, in the order messages meet them. */
  readonly processors: readonly ComponentConfig[]
  readonly output: ComponentConfig
}
