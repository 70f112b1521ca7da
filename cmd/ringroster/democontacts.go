package main

import "ringroster/ringcentral/simulator"

func theDirectory(s *stage) error {
	s.say("The company directory is kept in step as well: people, queues, rooms, partners.\nIt has a time of its own, once a day; here it is done at once.")
	s.command(exitDone, "contacts", "sync")
	s.say("Found by any part of a name, a department, or a number as one writes it:")
	s.command(exitDone, "contacts", "list", "--search", "(205) 555-9902")
	s.say("A card for a phone or a console:")
	s.command(exitDone, "contacts", "export", "--output", "vcf", "--search", "courier")
	s.say("The courier is no longer in RingCentral's directory, and so no longer here. The\nhistory keeps the last values; were too many gone at once, they would be held.")
	s.world(func(a *simulator.Account) error {
		a.Contacts = a.Contacts[1:]
		return nil
	})
	s.command(exitDone, "contacts", "sync")
	s.command(exitDone, "runs", s.lastRun())
	return s.failed
}
