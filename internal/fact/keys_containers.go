package fact

// Environments are the compute environments that a job queue sends its jobs to.
const Environments = Key[[]string]("compute-environments")
