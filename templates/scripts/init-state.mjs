// Init container, the first of all: decides whether this version may start on the state that is on
// the volume. Every fault of its own is 75, which blames no version.

import {run} from './config.mjs';
import {prepare} from './state.mjs';

run(75, prepare);
