// A machine on which nobody installed an OpenTelemetry SDK.
const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => {
  if (name === '@opentelemetry/sdk-node') throw new Error(`no ${name} here`);
  return resolve.call(Module, name, ...rest);
};
