package config

import "fmt"

// Audit says how the audit trail is kept.
type Audit struct {
	AuditCheckpoints string `name:"audit-checkpoints" help:"File that the signed checkpoints of the audit trail are appended to: better on another machine or a disk that is written once. audit-checkpoints.jsonl in the data folder." env:"YIPING_AUDIT_CHECKPOINTS" type:"path"`
	AuditDays        int    `name:"audit-days" help:"Days that entries of the audit trail are kept at least, 200 or more." env:"YIPING_AUDIT_DAYS" default:"400"`
}

// leastAuditDays is more than the six months that the law asks for.
const leastAuditDays = 200

func (a Audit) check() error {
	if a.AuditDays != 0 && a.AuditDays < leastAuditDays {
		return fmt.Errorf("YIPING_AUDIT_DAYS must be %d or more, not %d", leastAuditDays, a.AuditDays)
	}
	return nil
}
