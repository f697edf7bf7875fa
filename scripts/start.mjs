// `npm start`: sets up, then runs the main job on real files. `npm start -- --help` says what it does and takes.
import { runExample } from './example.mjs';

await runExample('00-file-digests');
