// Makes the types of the live feed's messages, and its table of close codes, from
// the AsyncAPI document: its schemas are those of OpenAPI.
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'

const feed = JSON.parse(readFileSync('asyncapi.json', 'utf8'))
const schemas = structuredClone(feed.components.schemas)
delete schemas.Frame.discriminator
const types = await openapiTS({ openapi: '3.1.0', info: feed.info, paths: {}, components: { schemas } }, { arrayLength: true, exportType: false })
const live = feed.channels.live
const codes = live['x-close-codes'].map(({ says, ...c }) => `  /** ${says} */\n  ${c.code}: ${JSON.stringify(c)},\n`)
writeFileSync(
  'src/api/live.gen.ts',
  `${COMMENT_HEADER}
${astToString(types)}
export interface CloseCode {
    code: number;
    name: string;
    next: "again" | "sign_in" | "reload";
    after_ms: number;
}
/** How the socket may end, and what is done about it. */
export const closeCodes: Readonly<Record<number, CloseCode>> = {
${codes.join('')}}
/** The newest protocol that the document describes. */
export const protocol = ${Math.max(...live['x-protocols'])}
`,
)
