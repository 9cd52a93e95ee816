// A certified OpenID Connect provider (npm's oidc-provider) for the tests: its
// users are what the test says, and everybody's password is any.
//   node provider.mjs CALLBACK CLIENT SECRET    prints its issuer as a line
//   PUT /test/users {name: claims}              replaces the users
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [callback, client, secret] = process.argv.slice(2)
console.log = console.warn = console.info = () => {} // its advice for production

let users = {}
let serve = (_, res) => res.writeHead(503).end()
const server = createServer((req, res) => {
  if (req.method !== 'PUT' || req.url !== '/test/users') return serve(req, res)
  let text = ''
  req.on('data', (part) => {
    text += part
  })
  req.on('end', () => {
    users = JSON.parse(text)
    res.end('{}')
  })
})
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const web = { grant_types: ['authorization_code'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_basic' }
  const provider = new Provider(issuer, {
    clients: [
      { client_id: client, client_secret: secret, redirect_uris: [callback], ...web },
      { client_id: 'another', client_secret: secret, redirect_uris: [callback], ...web },
    ],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups', 'amr'] },
    pkce: { required: () => true },
    ttl: { Grant: 3600, Interaction: 3600, Session: 3600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    findAccount: (_, id) => users[id] && { accountId: id, claims: () => ({ sub: id, ...users[id] }) },
  })
  serve = provider.callback()
  process.stdout.write(`${issuer}\n`)
})
process.stdin.on('end', () => process.exit(0)).resume() // goes with the test
