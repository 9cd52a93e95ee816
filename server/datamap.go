package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"yiping/server/postgres"
)

// dataMapCmd prints what every column of the database holds.
type dataMapCmd struct {
	languageFlag
	JSON bool `help:"Print JSON."`
}

// dataMapWords are the titles, classes and protections in Chinese.
var dataMapWords = map[string]string{
	"table": "表", "column": "字段", "class": "数据级别", "protection": "保护方式", "note": "说明（用途或保存期限）",
	"public": "公开", "internal": "内部", "personal": "个人信息", "sensitive": "敏感个人信息", "secret": "鉴别信息",
	"none": "不加密", "masked": "截断", "sealed": "加密", "hashed": "散列", "digest": "带密钥散列",
}

// Run prints the map. It reads no database: the map belongs to the program.
func (c dataMapCmd) Run(a *app) error {
	list, err := postgres.Classification()
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(a.out).Encode(list)
	}
	say := func(word string) string {
		if c.language() == "zh" {
			return dataMapWords[word]
		}
		return word
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", say("table"), say("column"), say("class"), say("protection"), say("note"))
	for _, l := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.Table, l.Column, say(l.Class), say(l.Protection), l.Note)
	}
	return w.Flush()
}
