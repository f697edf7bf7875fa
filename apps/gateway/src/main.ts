#!/usr/bin/env node
// The only file of this project that reads the environment, installs signal handlers or exits.
import { endWith, runGateway } from './program/gateway-program.js';

runGateway(process).catch((error: unknown) => endWith(error, process));
