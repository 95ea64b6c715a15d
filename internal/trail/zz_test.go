package trail
import ("testing";"os";"time";"context")
func BenchmarkQ(b *testing.B){
 dir:=os.Getenv("CORDON_TRAIL_STORE"); if dir=="" {b.Skip()}
 s,err:=Open(dir); if err!=nil{b.Fatal(err)}
 files:=walk(b,os.Getenv("CORDON_TRAIL_CORPUS"))
 run:=func(n string,f func()){ b.Run(n,func(b *testing.B){ c:=cpu(); k:=0; for b.Loop(){f();k++}; b.ReportMetric((cpu()-c)*1e3/float64(k),"cpu-ms")})}
 run("open",func(){x,_:=Open(dir);x.Close()})
 run("nothing",func(){x,_:=Open(dir);x.Import(context.Background(),files,disk{},Options{});x.Close()})
 run("timeline",func(){s.Timeline(os.Getenv("KEY"),time.Time{},time.Time{})})
 run("uses",func(){s.Uses()})
 run("news",func(){s.News(time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC))})
 run("credentials",func(){s.Credentials()})
}
