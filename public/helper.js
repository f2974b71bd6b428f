// One more thread for training on the CPU: the engine's worker makes it and sends its compiled
// WebAssembly, which knows by this worker's name what to do (src/engine/crew/helper.rs).
import { initSync } from "./worker.js";

onmessage = ({ data: module }) => initSync({ module });
