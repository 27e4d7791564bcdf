// Adds to the SDL on standard input what is the platform's to say: a tag on each type, for contracts, and a contact.
//   node add-directives.ts <tag> <team> <url>
import { text } from 'node:stream/consumers';
import { isTypeDefinitionNode, parse } from 'graphql';

const keywords = {
  EnumTypeDefinition: 'enum',
  InputObjectTypeDefinition: 'input',
  InterfaceTypeDefinition: 'interface',
  ObjectTypeDefinition: 'type',
  ScalarTypeDefinition: 'scalar',
  UnionTypeDefinition: 'union',
};
const [tag, team, url] = process.argv.slice(2).map((value) => JSON.stringify(value));
if (url === undefined) throw new Error('Usage: node add-directives.ts <tag> <team> <url>');
const sdl = await text(process.stdin);
const types = parse(sdl).definitions.filter(isTypeDefinitionNode);
process.stdout.write(`${sdl.replace('import: [', 'import: ["@tag", ')}
${types.map(({ kind, name }) => `extend ${keywords[kind]} ${name.value} @tag(name: ${tag})\n`).join('')}
extend schema @contact(name: ${team}, url: ${url})
directive @contact(name: String!, url: String, description: String) on SCHEMA
`);
