#!/usr/bin/env node
// In the repository from the start: npm links a program only where it finds one, and dist/ comes later, with the build.
import '../dist/main.js';
