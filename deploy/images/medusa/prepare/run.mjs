import { Failure, say } from "./log.mjs"

/** Runs a program to its end: a foreseen failure is one sentence, and any failure an exit code for the kubelet. */
export function run(program) {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    // Whatever was begun is rolled back by the server when the connection goes.
    process.on(signal, () => process.exit(143))
  }
  program().then(
    () => say("ready"),
    (error) => {
      say(error instanceof Failure ? error.message : `failed: ${error.stack ?? error}`)
      process.exitCode = 1
    }
  )
}
