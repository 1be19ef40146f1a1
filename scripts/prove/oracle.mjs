// Asks an independent simulator of IAM, in a process of its own: an array of simulations on standard input, what it decides on
// standard output. It is fetched for the tests only (tests/functional/package.json), and no part of the product.
import { pathToFileURL } from 'node:url';

const { runSimulation, anonymousPrincipal } = await import(pathToFileURL(process.argv[2]).href);
let text = '';
for await (const chunk of process.stdin) text += chunk;
const decisions = [];
for (const simulation of JSON.parse(text)) {
  if (simulation.request.principal === null) simulation.request.principal = anonymousPrincipal;
  const answer = await runSimulation(simulation, {});
  decisions.push(answer.resultType === 'error' ? JSON.stringify(answer.errors) : answer.overallResult);
}
process.stdout.write(JSON.stringify(decisions));
