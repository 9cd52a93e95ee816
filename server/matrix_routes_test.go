package main

// The matrix's routes: which line of the tables of access.go each is held
// against, and how.
//
//	open   whoever asks
//	person whoever is signed in
//	gate   who has the right, wherever
//	lists  as gate; what lies in the street (names it in the answer) is told to
//	       whom the right holds there
//	thing  what lies in the street, to whom the right holds there
//	socket as lists, in what the feed starts with
//
// In paths, bodies and names, <word> stands for the id or word of a thing of the
// street. What changes something names a version that is none, so that nothing
// changes; what ends a session comes last.
const matrixRoutes = `
GET  /healthz                                        open
GET  /readyz                                         open
GET  /metrics                                        open
GET  /openapi.json                                   open
GET  /asyncapi.json                                  open
GET  /{$}                                            open
GET  /{file}                                         open
GET  /assets/{file...}                               open
GET  /console                                        open
GET  /console/{rest...}                              open
GET  /wall                                           open
GET  /wall/{rest...}                                 open
GET  /m                                              open
GET  /m/{rest...}                                    open
GET  /r                                              open
GET  /r/{rest...}                                    open
GET  /api/v1/config                                  open
GET  /api/v1/tiles/base/{z}/{x}/{y}                  open
POST /api/v1/reports                                 open    -                     {}
GET  /api/v1/reports/{tracking}                      open
POST /api/v1/reports/{tracking}/photos               open
POST /api/v1/reports/{tracking}/satisfaction         open
POST /api/v1/gateway/receipts                        open    -                     {"state":"sent"}
POST /api/v1/gateway/answers                         open    -                     {"channel":"sms","text":"1"}
POST /api/v1/session/enrolment                       open    -                     {"code":"none"}
POST /api/v1/session                                 open    -                     {}
GET  /api/v1/session/provider                        open
GET  /api/v1/session/provider/callback               open

GET  /api/v1/areas                                   lists   see:area.state        names="id":<street>,
POST /api/v1/areas                                   gate    administer            {"external_id":"x","level":"street","name":"x","version":999}
GET  /api/v1/search                                  gate    see:place.state       ?q=x
GET  /api/v1/facilities                              person  see:facility.state    ?bbox=1,1,2,2
GET  /api/v1/facilities/{id}                         person  see:facility.state
GET  /api/v1/tiles/facilities/{z}/{x}/{y}            person  see:facility.state    z=<z> x=<x> y=<y>
GET  /api/v1/cameras                                 lists   see:camera.record     ?bbox=<box> names="id":<camera>,
GET  /api/v1/cameras/{id}                            thing   see:camera.record     id=<camera>
POST /api/v1/cameras/{id}/health                     thing   report_health         id=<camera> {"channel":"up","device":"up","stream":"up"}
GET  /api/v1/tiles/cameras/{z}/{x}/{y}               lists   see:camera.state      z=<z> x=<x> y=<y> names=camera
GET  /api/v1/tiles/responders/{z}/{x}/{y}            gate    see:responder.state   z=<z> x=<x> y=<y>
GET  /api/v1/tiles/cells/{measure}/{z}/{x}/{y}       gate    see:figure.state      measure=cameras z=<z> x=<x> y=<y>
GET  /api/v1/units                                   gate    see:unit.state
GET  /api/v1/overview                                thing   see:figure.state      ?area_id=<street>
GET  /api/v1/figures                                 thing   see:figure.state      ?area_id=<street>&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z
GET  /api/v1/figures/export                          thing   see:figure.state      ?area_id=<street>&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z
GET  /api/v1/figures/choices                         thing   see:offer.state       ?area_id=<street>&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z
GET  /api/v1/figures/answers                         thing   see:report.words      ?area_id=<street>&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z
GET  /api/v1/incidents/{id}/figures                  thing   see:figure.state      id=<incident>
GET  /api/v1/cells                                   gate    see:figure.state      ?measure=responders
GET  /api/v1/registers                               gate    see:place.state
GET  /api/v1/registers/{noun}                        lists   see:camera.record     noun=cameras ?ids=<camera> names="id":<camera>,
GET  /api/v1/registers/{noun}/points                 lists   see:camera.record     noun=cameras ?ids=<camera> names=[<camera>,
GET  /api/v1/registers/{noun}/export                 lists   see:camera.record     noun=cameras ?format=csv&ids=<camera> names=<camera_external>
GET  /api/v1/registers/{noun}/template               gate    see:place.state       noun=cameras
POST /api/v1/registers/{noun}/edit                   gate    administer            noun=cameras {"ids":[<camera>]}
POST /api/v1/imports                                 gate    administer
GET  /api/v1/imports                                 gate    administer
GET  /api/v1/imports/{id}                            gate    administer
POST /api/v1/imports/{id}/check                      gate    administer            {}
POST /api/v1/imports/{id}/write                      gate    administer            {}
POST /api/v1/imports/{id}/cancel                     gate    administer
POST /api/v1/imports/{id}/undo                       gate    administer
GET  /api/v1/imports/{id}/problems                   gate    administer

GET  /api/v1/incidents                               lists   see:incident.state    ?queue=all&limit=200 names="id":<incident>,
POST /api/v1/incidents                               thing   dispatch              {"type_code":"urban.street_light","lon":<lon>,"lat":<lat>}
GET  /api/v1/incidents/{id}                          thing   see:incident.state    id=<incident>
GET  /api/v1/incidents/{id}/surroundings             thing   see:incident.state    id=<incident>
GET  /api/v1/incidents/{id}/messages                 thing   dispatch              id=<incident>
GET  /api/v1/incidents/{id}/candidates               thing   dispatch              id=<incident>
GET  /api/v1/incidents/{id}/retention                thing   see:incident.state    id=<incident>
POST /api/v1/incidents/{id}/offers                   thing   dispatch              id=<incident> {"version":999,"responder_ids":[<neighbour>],"reason":"就近派员"}
POST /api/v1/incidents/{id}/verify                   thing   dispatch              id=<incident> {"version":999}
POST /api/v1/incidents/{id}/reject                   thing   dispatch              id=<incident> {"version":999,"reason":"重复上报"}
POST /api/v1/incidents/{id}/cancel                   thing   dispatch              id=<incident> {"version":999,"reason":"重复上报"}
POST /api/v1/incidents/{id}/waves                    thing   dispatch              id=<incident> {"version":999}
POST /api/v1/incidents/{id}/waves/stop               thing   dispatch              id=<incident> {"version":999}
POST /api/v1/incidents/{id}/resolve                  thing   dispatch              id=<incident> {"version":999,"reason":"已经处置"}
POST /api/v1/incidents/{id}/check                    thing   check                 id=<incident> {"version":999,"passed":true}
POST /api/v1/incidents/{id}/close                    thing   dispatch              id=<incident> {"version":999}
POST /api/v1/incidents/{id}/reopen                   thing   dispatch              id=<incident> {"version":999,"reason":"没有处置好"}
POST /api/v1/incidents/likely                        gate    dispatch              {"type_code":"urban.street_light","lon":<lon>,"lat":<lat>}
GET  /api/v1/incidents/{id}/likely                   thing   dispatch              id=<incident>
POST /api/v1/incidents/{id}/reports                  thing   dispatch              id=<incident> {"type_code":"none","lon":<lon>,"lat":<lat>}
POST /api/v1/incidents/{id}/merge                    thing   dispatch              id=<incident> {"version":999,"into_id":<incident>,"into_version":999,"reason":"重复上报"}
POST /api/v1/incidents/{id}/unmerge                  thing   dispatch              id=<incident> {"version":999,"reason":"不是同一事件"}
POST /api/v1/incidents/{id}/edit                     thing   dispatch              id=<incident> {"version":999,"fields":{"summary":"x"}}
POST /api/v1/incidents/{id}/timeline                 thing   note                  id=<incident> {"kind":"note","words":"记一笔"}
POST /api/v1/incidents/{id}/photos                   thing   note                  id=<incident> file
POST /api/v1/incidents/{id}/hold                     thing   hold                  id=<incident> {"reason":"复盘还需要用到这些资料","until":"2000-01-01T00:00:00Z"}
POST /api/v1/incidents/{id}/tracks                   thing   tracks                id=<incident> {"reason":"核对处置经过"}
POST /api/v1/incidents/{id}/hold/lift                thing   hold                  id=<incident>
GET  /api/v1/photos/{id}                             thing   see:photo.picture     id=<photo>
POST /api/v1/reports/{id}/unmask                     thing   see:responder.call    id=<report> {"reason":"回拨核实情况"}
GET  /api/v1/events                                  lists   see:event.state       ?limit=200&incident_id=<incident> names="incident_id":<incident>
GET  /api/v1/live                                    socket  see:incident.state    names="id":<incident>,
POST /api/v1/offers/{id}/seen                        thing   dispatch              id=<offer> {"on_behalf":true}
POST /api/v1/offers/{id}/later                       thing   dispatch              id=<offer> {"on_behalf":true,"minutes":5,"version":999}
POST /api/v1/offers/{id}/withdraw                    thing   dispatch              id=<offer> {"version":999}
POST /api/v1/offers/{id}/accept                      thing   dispatch              id=<gone> {"on_behalf":true}
POST /api/v1/offers/{id}/decline                     thing   dispatch              id=<gone> {"on_behalf":true,"reason":"走不开"}
GET  /api/v1/unit-orders                             lists   see:unit_order.state   ?queue=all&limit=200 names="id":<order>,
GET  /api/v1/incidents/{id}/units                    thing   dispatch              id=<incident>
POST /api/v1/incidents/{id}/unit-orders              thing   dispatch              id=<incident> {"version":999,"unit_id":<unit>,"role":"lead"}
POST /api/v1/unit-orders/{id}/sign                   thing   dispatch              id=<order> {"version":999,"on_behalf":true}
POST /api/v1/unit-orders/{id}/return                 thing   dispatch              id=<order> {"version":999,"on_behalf":true,"reason":"不属本单位职责"}
POST /api/v1/unit-orders/{id}/ask-extension          thing   dispatch              id=<order> {"version":999,"on_behalf":true,"reason":"等待配件","until":"<day>T00:00:00Z"}
POST /api/v1/unit-orders/{id}/ask-suspension         thing   dispatch              id=<order> {"version":999,"on_behalf":true,"reason":"等待配件"}
POST /api/v1/unit-orders/{id}/approve                thing   check                 id=<order> {"version":999}
POST /api/v1/unit-orders/{id}/refuse                 thing   check                 id=<order> {"version":999,"reason":"请按时办结"}
POST /api/v1/unit-orders/{id}/resume                 thing   dispatch              id=<order> {"version":999}
POST /api/v1/unit-orders/{id}/done                   thing   dispatch              id=<order> {"version":999,"on_behalf":true}
POST /api/v1/unit-orders/{id}/reassign               thing   dispatch              id=<order> {"version":999,"unit_id":<unit>,"reason":"改由市政办理"}
POST /api/v1/unit-orders/{id}/withdraw               thing   dispatch              id=<order> {"version":999}
POST /api/v1/assignments/{id}/en-route               thing   dispatch              id=<assignment> {"on_behalf":true,"version":999}
POST /api/v1/assignments/{id}/on-scene               thing   dispatch              id=<assignment> {"on_behalf":true,"version":999}
POST /api/v1/assignments/{id}/done                   thing   dispatch              id=<assignment> {"on_behalf":true,"version":999}
POST /api/v1/assignments/{id}/release                thing   dispatch              id=<assignment> {"on_behalf":true,"version":999,"reason":"换人"}
POST /api/v1/assignments/{id}/welfare                thing   dispatch              id=<assignment> {"on_behalf":true}
POST /api/v1/assignments/{id}/alarm                  thing   dispatch              id=<assignment> {"on_behalf":true}
GET  /api/v1/alarms                                  lists   see:assignment.state  names="id":<alarm>,
POST /api/v1/alarms/{id}/acknowledge                 thing   dispatch              id=<alarm>
POST /api/v1/alarms/{id}/close                       thing   dispatch              id=<alarm> {"done":""}
POST /api/v1/call-ups/preview                        thing   dispatch              {"area_ids":[<street>],"duties":["on_duty"]}
POST /api/v1/call-ups                                thing   dispatch              {"area_ids":[<street>],"duties":["on_duty"],"gather_at":"2000-01-01T00:00:00Z","reason":"x","place":"x","lon":1,"lat":1}
GET  /api/v1/call-ups                                lists   dispatch              ?limit=200 names="id":<call_up>,
GET  /api/v1/call-ups/{id}                           thing   dispatch              id=<call_up>
GET  /api/v1/call-ups/{id}/members                   thing   dispatch              id=<call_up>
POST /api/v1/call-ups/{id}/stand-down                thing   dispatch              id=<call_up> {}
POST /api/v1/call-ups/{id}/cancel                    thing   dispatch              id=<call_up> {"reason":"险情解除"}
POST /api/v1/call-ups/{id}/more                      thing   dispatch              id=<call_up> {"count":1}
POST /api/v1/call-ups/{id}/groups                    thing   dispatch              id=<call_up> {"name":"一组"}
POST /api/v1/call-ups/{id}/groups/by-area            thing   dispatch              id=<call_up>
POST /api/v1/call-ups/{id}/groups/{group_id}/edit    thing   dispatch              id=<call_up> group_id=1 {"name":"一组","version":1}
POST /api/v1/call-ups/{id}/groups/{group_id}/stand-down thing dispatch             id=<call_up> group_id=1
POST /api/v1/call-up-members/{id}/seen               thing   dispatch              id=<called> {"on_behalf":true}
POST /api/v1/call-up-members/{id}/come               thing   dispatch              id=<called> {"on_behalf":true}
POST /api/v1/call-up-members/{id}/decline            thing   dispatch              id=<called> {"on_behalf":true}
POST /api/v1/call-up-members/{id}/arrive             thing   dispatch              id=<called> {"on_behalf":true}
POST /api/v1/call-up-members/{id}/leave              thing   dispatch              id=<called> {"on_behalf":true}
GET  /api/v1/care/cells                              gate    care_counts
POST /api/v1/incidents/{id}/care                     thing   care                  id=<incident> {"reason":"上门转移"}
POST /api/v1/care/export                             gate    privacy               {"reason":""}

GET  /api/v1/responders                              thing   see:responder.post    ?limit=200&area_id=<community> names="id":<neighbour>,
GET  /api/v1/responders/{id}                         thing   see:responder.state   id=<neighbour>
POST /api/v1/responders                              gate    administer            {"affiliations":["volunteer"],"external_id":"x","name":"x","lon":1,"lat":1}
POST /api/v1/responders/{id}/unmask                  thing   see:responder.call    id=<neighbour> {"reason":"电话联系派员"}
POST /api/v1/responders/{id}/personal-data           thing   privacy               id=<neighbour> {"reason":"本人申请查阅"}
POST /api/v1/responders/{id}/personal-data/export    thing   privacy               id=<neighbour> {"reason":"本人申请复制"}
POST /api/v1/responders/{id}/erase                   thing   privacy               id=<neighbour> {"reason":""}
GET  /api/v1/unmask-reasons                          gate    see:responder.call
POST /api/v1/personal-data/find                      gate    privacy               {"phone":"13900000000","reason":"本人申请查阅"}
POST /api/v1/personal-data/erase                     gate    privacy               {"phone":"13900000000","reason":""}
GET  /api/v1/mine                                    gate    respond
POST /api/v1/incidents/{id}/volunteer                gate    respond               id=<incident>
POST /api/v1/incidents/{id}/volunteer/withdraw       gate    respond               id=<incident>
POST /api/v1/duty/start                              gate    respond               {}
POST /api/v1/duty/on-call                            gate    respond               {"starts_at":"2000-01-01T00:00:00Z","ends_at":"2000-01-01T01:00:00Z"}
POST /api/v1/duty/{id}/end                           gate    respond
POST /api/v1/positions                               gate    respond               {"positions":[]}
GET  /api/v1/me/hours                                gate    respond
GET  /api/v1/me/consents                             gate    respond
POST /api/v1/me/consents                             gate    respond               {"purpose":"position","version":999}
POST /api/v1/me/consents/{purpose}/withdraw          gate    respond               purpose=position
GET  /api/v1/me/personal-data                        gate    respond
GET  /api/v1/me/track                                gate    respond
GET  /api/v1/me/personal-data/export                 gate    respond
GET  /api/v1/me/disclosures                          person
GET  /api/v1/consent-texts                           gate    records
POST /api/v1/consent-texts                           gate    privacy               {"purpose":"position","zh":"","en":""}
GET  /api/v1/purposes                                gate    records
GET  /api/v1/purposes/export                         gate    records
POST /api/v1/purposes                                gate    privacy               {"basis":"","categories":"x","handlers":"x","name":"x","retention":"x"}
POST /api/v1/purposes/{id}/edit                      gate    privacy               {"basis":"x","categories":"x","handlers":"x","name":"x","retention":"x","version":999}
POST /api/v1/purposes/{id}/retire                    gate    privacy               {"version":999}
GET  /api/v1/shares                                  gate    records
GET  /api/v1/shares/export                           gate    records
GET  /api/v1/retention                               gate    records
POST /api/v1/retention/{what}                        gate    retain                what=sessions {"days":1,"reason":"按规定调整","version":999}
GET  /api/v1/destroyed                               gate    records
GET  /api/v1/destroyed/export                        gate    records

GET  /api/v1/roster                                  thing   see:roster.state      ?area_id=<street>&responder_id=<worker> names="id":<duty>,
GET  /api/v1/roster/now                              lists   see:roster.state      names="area_id":<community>,
GET  /api/v1/roster/gaps                             gate    see:roster.state
GET  /api/v1/roster/conflicts                        gate    see:roster.state
POST /api/v1/duties                                  thing   roster                {"responder_id":<neighbour>,"kind":"on_call","starts_at":"<day>T00:00:00Z","ends_at":"<day>T01:00:00Z"}
POST /api/v1/duties/{id}/hand-over                   thing   roster                id=<duty> {"responder_id":<neighbour>,"reason":"临时有事","version":999}
POST /api/v1/duties/{id}/swap                        thing   roster                id=<duty> {"with_duty_id":<duty>,"reason":"临时有事","version":999}
POST /api/v1/duties/{id}/withdraw                    thing   roster                id=<duty> {"reason":"临时有事","version":999}
GET  /api/v1/shifts                                  lists   see:roster.state      names="id":<shift>,
POST /api/v1/shifts                                  thing   administer            {"area_id":<street>,"kind":"on_duty","minutes":60,"name":"<fresh>","starts_at":"08:00"}
POST /api/v1/shifts/{id}                             thing   administer            id=<shift> {"kind":"on_duty","minutes":60,"name":"x","starts_at":"08:00","version":999}
POST /api/v1/shifts/{id}/retire                      thing   administer            id=<shift> {"version":999}
GET  /api/v1/teams                                   lists   see:roster.state      names="id":<team>,
POST /api/v1/teams                                   thing   administer            {"area_id":<street>,"member_ids":[],"name":"<fresh>"}
POST /api/v1/teams/{id}                              thing   administer            id=<team> {"member_ids":[],"name":"x","version":999}
POST /api/v1/teams/{id}/retire                       thing   administer            id=<team> {"version":999}
GET  /api/v1/rotations                               lists   see:roster.state      names="id":<rotation>,
POST /api/v1/rotations                               thing   administer            {"team_id":<team>,"shifts":[0],"starts_on":"2000-01-01"}
POST /api/v1/rotations/{id}/end                      thing   administer            id=<rotation> {"version":999,"ends_on":"<day>"}
POST /api/v1/rotations/{id}/make                     thing   administer            id=<rotation> {"version":999}
GET  /api/v1/holidays                                gate    see:roster.state
POST /api/v1/holidays                                gate    administer            {"day":"2000-01-01","name":""}
POST /api/v1/holidays/{day}/remove                   gate    administer            day=2000-01-01
GET  /api/v1/types                                   gate    see:plan.state
POST /api/v1/types                                   gate    administer            {"parent_code":"none","name_zh":"x"}
POST /api/v1/types/{code}                            gate    administer            code=none {"version":999}
GET  /api/v1/types/{code}/plans                      gate    see:plan.state        code=urban.street_light
GET  /api/v1/types/{code}/plans/changes              gate    see:plan.state        code=urban.street_light ?from=1&to=1
POST /api/v1/types/{code}/plans                      gate    administer            code=none {"version":999,"note":"","plan":{"priority":"low","quota":1,"offer_seconds":60,"verify_seconds":0,"dispatch_seconds":0,"arrive_seconds":0,"resolve_seconds":0,"check_seconds":0}}
GET  /api/v1/type-codes                              gate    see:plan.state
GET  /api/v1/working-hours                           gate    see:plan.state
POST /api/v1/working-hours                           gate    administer            {"week":[{"weekday":1,"from":600,"to":60}]}

GET  /api/v1/accounts                                lists   grant                 ?q=<target_name> names="id":<target>,
POST /api/v1/accounts                                thing   grant                 {"area_id":<street>,"display_name":"x","role":"dispatcher","username":"<target_name>"}
GET  /api/v1/accounts/{id}                           thing   grant                 id=<target>
GET  /api/v1/account-units                           gate    grant
POST /api/v1/accounts/{id}/edit                      thing   grant                 id=<target> {"display_name":"x","version":999}
POST /api/v1/accounts/{id}/grants                    thing   grant                 id=<target> {"grants":[],"version":999}
POST /api/v1/accounts/{id}/disable                   thing   grant                 id=<target> {"version":999}
POST /api/v1/accounts/{id}/enable                    thing   grant                 id=<target> {"version":999}
POST /api/v1/accounts/{id}/reset-password            thing   grant                 id=<target>
POST /api/v1/accounts/{id}/reset-factor              thing   grant                 id=<target>
POST /api/v1/accounts/{id}/unlock                    thing   grant                 id=<target>
GET  /api/v1/accounts/{id}/sessions                  thing   grant                 id=<target>
POST /api/v1/accounts/{id}/end-sessions              thing   grant                 id=<target>
POST /api/v1/accounts/{id}/sessions/{session_id}/end gate    grant                 id=<target> session_id=1
GET  /api/v1/accounts/{id}/tokens                    thing   grant                 id=<target>
POST /api/v1/accounts/{id}/tokens                    thing   grant                 id=<target> {"actions":["see"],"expires_at":"2000-01-01T00:00:00Z","name":"x"}
POST /api/v1/tokens/{id}/revoke                      thing   grant                 id=<token>
POST /api/v1/enrolments                              thing   grant|roster          {"responder_id":<neighbour>}
GET  /api/v1/enrolments                              thing   grant|roster          ?responder_id=<neighbour>
GET  /api/v1/enrolments/{id}                         thing   grant|roster          id=<enrolment>
POST /api/v1/enrolments/{id}/withdraw                thing   grant|roster          id=<enrolment>
GET  /api/v1/security                                gate    grant
POST /api/v1/security                                gate    grant                 {"factor_roles":["none"]}
GET  /api/v1/audit                                   gate    audit
GET  /api/v1/audit/state                             gate    audit
GET  /api/v1/audit/export                            gate    audit

GET  /api/v1/account                                 person
GET  /api/v1/account/sessions                        person
GET  /api/v1/account/tokens                          person
POST /api/v1/account/tokens                          person  -                     {"actions":["none"],"expires_at":"2000-01-01T00:00:00Z","name":"x"}
POST /api/v1/account/tokens/{id}/revoke              person
POST /api/v1/account/sessions/{id}/end               person
POST /api/v1/account/sessions/end-others             person
POST /api/v1/account/factor                          person  -                     {}
POST /api/v1/account/factor/confirm                  person  -                     {"code":"000000"}
POST /api/v1/account/factor/recovery-codes           person  -                     {"code":"000000"}
POST /api/v1/account/factor/remove                   person  -                     {"code":"000000"}
POST /api/v1/account/password                        person  -                     {}
GET  /api/v1/session                                 person
POST /api/v1/session/factor                          person  -                     {}
POST /api/v1/session/lock                            person
POST /api/v1/session/unlock                          person  -                     {}
DELETE /api/v1/session                               person
`
